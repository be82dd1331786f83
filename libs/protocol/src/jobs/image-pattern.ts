const { raw } = String;
const component = raw`[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`;
const label = raw`[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`;
const host = raw`(?:${label}(?:\.${label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`;
const tag = raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const digest = raw`[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}`;

/** The reference of an image, by Docker's grammar: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`. */
export const imagePattern = new RegExp(
  `^(?:${host}/)?${component}(?:/${component})*(?::${tag})?(?:@${digest})?$`,
);
