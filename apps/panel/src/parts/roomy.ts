/** Of a column that a phone has no room for. */
export const roomy = { display: { xs: 'none', md: 'table-cell' } } as const;
/** Of a column that only a large window has room for. */
export const veryRoomy = { display: { xs: 'none', xl: 'table-cell' } } as const;
