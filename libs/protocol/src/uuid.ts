/** Whether a text is a UUID in its canonical form, the one in which jobs are named: lower case, with hyphens. */
export const isCanonicalUuid = (text: string): boolean =>
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
