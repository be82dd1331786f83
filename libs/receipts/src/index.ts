export { PageError, PageReader, type PagePart } from './page-reader.ts';
export { PageStore, type Durability, type PageStoreOptions } from './page-store.ts';
export { pageAt, Pages, pageTime, type Page } from './pages.ts';
export { splitLines } from './split-lines.ts';
