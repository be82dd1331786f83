export { PageStore, type Durability, type PageStoreOptions } from './page-store.ts';
export { pageAt, Pages, pageTime, type Page } from './pages.ts';
