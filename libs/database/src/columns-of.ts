import { getMetadataArgsStorage } from 'typeorm';

/** The columns of an entity, for a statement that reads it whole: one that is prepared has to name them. */
export const columnsOf = (entity: new () => object): string =>
  getMetadataArgsStorage()
    .filterColumns(entity)
    .map(({ options, propertyName }) => options.name ?? propertyName)
    .join(', ');
