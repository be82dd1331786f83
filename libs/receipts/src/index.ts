export { readLine, type FetchedReceipt, type LineFault } from './fetched-receipt.ts';
export { PageError, PageReader, type PagePart } from './page-reader.ts';
export { PageStore, type Durability, type PageStoreOptions } from './page-store.ts';
export { pageAt, Pages, pageTime, type Page } from './pages.ts';
export { pageUrl, readSource, type ReceiptSource } from './receipt-source.ts';
export { splitLines } from './split-lines.ts';
export { verifyReceipts, type VerifiedReceipt } from './verify-receipts.ts';
