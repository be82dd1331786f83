/** Whether a text is a UUID in the one form that jobs are named by: lower case, with hyphens. */
export const isJobUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
