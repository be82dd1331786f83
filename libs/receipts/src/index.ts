export { pageAt, PageStore, pageTime, type Durability, type PageStoreOptions } from './page-store.ts';
