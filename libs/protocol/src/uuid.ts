/** A UUID in its canonical form, the one in which jobs are named: lower case, with hyphens. */
export const canonicalUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in its canonical form. */
export const isCanonicalUuid = (text: string): boolean => canonicalUuid.test(text);
