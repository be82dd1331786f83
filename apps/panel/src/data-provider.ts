import type { DataProvider, RaRecord } from 'react-admin';
import { ask } from './api.ts';
import type { Source } from './sources.ts';

const absent = () => Promise.reject(new Error('The panel has no such request.'));

/** How the pages' lists and records are asked for. @param sources by the name of the resource */
export function dataProviderOf(sources: Record<string, Source>): DataProvider {
  const one = (resource: string, id: unknown) => sources[resource]!.one(String(id));
  const save = (resource: string, data: Partial<RaRecord>) => (sources[resource]!.save ?? absent)(data);
  return {
    getList: (resource, params) => sources[resource]!.list(params),
    getOne: async (resource, { id }) => ({ data: await one(resource, id) }),
    getMany: async (resource, { ids }) => ({ data: await Promise.all(ids.map((id) => one(resource, id))) }),
    create: async (resource, { data }) => ({ data: await save(resource, data) }),
    update: async (resource, { id, data }) => ({ data: await save(resource, { ...data, id }) }),
    delete: async (resource, { id }) => {
      await ask(`${resource}/${encodeURIComponent(String(id))}`, { method: 'DELETE' });
      return { data: { id } };
    },
    getManyReference: absent,
    updateMany: absent,
    deleteMany: absent,
  } as DataProvider;
}
