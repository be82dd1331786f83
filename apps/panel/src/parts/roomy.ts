/** Of a column that a phone has no room for. */
export const roomy = { display: { xs: 'none', md: 'table-cell' } } as const;
