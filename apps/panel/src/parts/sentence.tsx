/** A sentence in which what stands between backticks is code. */
export const Sentence = ({ children }: { children: string }) =>
  children.split(/`([^`]+)`/).map((part, at) => (at % 2 === 1 ? <code key={`${at}`}>{part}</code> : part));
