/** The whole characters, escaped ones included, that the text of a JSON string goes on with. */
const wholeCharacters = /^(?:[^"\\]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/;

/**
 * The text of a JSON string as `writeCompact` writes it, piece by piece as its bytes come. No character is cut: a
 * character of two units is never escaped there.
 *
 * @param bytes the string with its quotes, in UTF-8
 */
export async function* textOfJsonString(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let isFirst = true;
  let rest = '';
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true });
    if (isFirst) rest = rest.slice(1);
    isFirst = false;
    const [whole] = wholeCharacters.exec(rest)!;
    rest = rest.slice(whole.length);
    if (whole !== '') yield JSON.parse(`"${whole}"`) as string;
  }
}
