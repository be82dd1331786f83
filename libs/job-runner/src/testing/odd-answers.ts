/** An answer to GET, PUT and POST as bytes, and what httpx 0.28 with h11 0.16 makes of it. */
type OddAnswer = [
  what: string,
  answer: string,
  /** The file that a download gets; null: none. */
  download: string | null,
  /** Whether an upload is done: it has a 2xx line. */
  isDone?: boolean,
];

const ok = 'HTTP/1.1 200 OK\r\n';
const five = 'Content-Length: 5\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';
const chunks = '5\r\nhello\r\n0\r\n\r\n';

export const oddAnswers: OddAnswer[] = [
  // Lengths
  ['no length', `${ok}\r\nhello`, 'hello'],
  ['both lengths', `${ok}${five}${chunked}\r\n${chunks}`, 'hello'],
  ['both lengths, that do not agree', `${ok}${chunked}Content-Length: 99\r\n\r\n${chunks}`, 'hello'],
  ['the length twice', `${ok}${five}${five}\r\nhello`, 'hello'],
  ['the length twice, and a header between', `${ok}${five}X: y\r\ncontent-length:5 \r\n\r\nhello`, 'hello'],
  ['the length as a list', `${ok}Content-Length: 5, 5\r\n\r\nhello`, 'hello'],
  ['the length as a list without blanks', `${ok}Content-Length: 5,5\r\n\r\nhello`, 'hello'],
  [
    'the length twice, with LF lines',
    'HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 5\n\nhello',
    'hello',
  ],
  ['two lengths', `${ok}${five}Content-Length: 6\r\n\r\nhello`, null],
  ['a length with a plus', `${ok}Content-Length: +5\r\n\r\nhello`, null],
  ['a length with a zero before it', `${ok}Content-Length: 05\r\n\r\nhello`, 'hello'],
  ['an empty length', `${ok}Content-Length: \r\n\r\nhello`, null],
  ['more than its length', `${ok}${five}\r\nhello world`, 'hello'],
  ['more than its length, before a close', `${ok}Connection: close\r\n${five}\r\nhelloHTTP/1.1`, 'hello'],
  ['less than its length', `${ok}Content-Length: 50\r\n\r\nhello`, null],
  ['a length in a folded line', `${ok}Content-Length:\r\n 5\r\n\r\nhello`, 'hello'],

  // Lines
  ['LF lines', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello', 'hello'],
  ['LF lines and no length', 'HTTP/1.1 200 OK\nX: y\n\nhello', 'hello'],
  ['LF lines before chunks', `HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n${chunks}`, 'hello'],
  ['LF lines and CRLF lines', 'HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\nhello', 'hello'],
  ['LF lines between chunks', `${ok}${chunked}\r\n5\nhello\n0\n\n`, null],
  ['a CR before a line ends', `HTTP/1.1 200 OK\r\r\n${five}\r\nhello`, null, false],
  ['a CR before a header ends', `${ok}X: y\r\r\n${five}\r\nhello`, null],
  ['a CR alone for the blank line', `${ok}X: y\r\n\r${five}\r\nhello`, null],
  ['an empty line before it', `\r\n${ok}${five}\r\nhello`, null, false],
  ['CR lines', 'HTTP/1.1 200 OK\rContent-Length: 5\r\rhello', null, false],
  ['a head that ends early', `${ok}Content-Length: 0\r\n`, null],
  ['a head that ends in its first line', 'HTTP/1.1 200 OK', null, false],

  // Headers
  ['a control character in a value', `${ok}X: a\x01b\r\n${five}\r\nhello`, 'hello'],
  ['an escape in a value', `${ok}X: a\x1b[31mb\r\n${five}\r\nhello`, 'hello'],
  ['DEL in a value', `${ok}X: a\x7fb\r\n${five}\r\nhello`, 'hello'],
  ['a byte above 127 in a value', `${ok}X: a\xffb\r\n${five}\r\nhello`, 'hello'],
  ['NUL in a value', `${ok}X: a\0b\r\n${five}\r\nhello`, null],
  ['a form feed in a value', `${ok}X: a\fb\r\n${five}\r\nhello`, null],
  ['CR in a value', `${ok}X: a\rb\r\n${five}\r\nhello`, null],
  ['a folded value', `${ok}X: a\r\n b\r\n${five}\r\nhello`, 'hello'],
  ['a control character in a name', `${ok}X\x01: a\r\n${five}\r\nhello`, null],
  ['a blank in a name', `${ok}X Y: a\r\n${five}\r\nhello`, null],
  ['a blank before a colon', `${ok}X : a\r\n${five}\r\nhello`, null],
  ['a line without a colon', `${ok}X\r\n${five}\r\nhello`, null],
  ['a head of 90 kB', `${ok}${`X: ${'x'.repeat(9_000)}\r\n`.repeat(10)}${five}\r\nhello`, 'hello'],
  ['3,000 headers', `${ok}${'X: y\r\n'.repeat(3_000)}${five}\r\nhello`, 'hello'],
  ['an offer of HTTP/2', `${ok}Connection: Upgrade\r\nUpgrade: h2c\r\n${five}\r\nhello`, 'hello'],

  // Chunks
  ['chunks with extensions', `${ok}${chunked}\r\n5;a=b\r\nhello\r\n0\r\n\r\n`, 'hello'],
  ['blanks behind the size of a chunk', `${ok}${chunked}\r\n5  \r\nhello\r\n0\r\n\r\n`, 'hello'],
  ['trailers', `${ok}${chunked}\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n`, 'hello'],
  ['a blank behind chunked', `${ok}Transfer-Encoding: chunked \t\r\n\r\n${chunks}`, 'hello'],
  ['chunked in a folded line', `${ok}Transfer-Encoding:\r\n chunked\r\n\r\n${chunks}`, 'hello'],
  ['a folded line before its headers', `${ok} X: y\r\n${five}\r\nhello`, null],
  ['a blank line of blanks', `${ok}X: y\r\n \r\n${five}\r\nhello`, 'hello'],
  ['CHUNKED', `${ok}Transfer-Encoding: CHUNKED\r\n\r\n${chunks}`, 'hello'],
  ['no last chunk', `${ok}${chunked}\r\n5\r\nhello\r\n`, null],
  ['half a last chunk', `${ok}${chunked}\r\n5\r\nhello\r\n0\r\n`, null],
  ['a size in another form', `${ok}${chunked}\r\n0x5\r\nhello\r\n0\r\n\r\n`, null],
  ['a chunk longer than its size', `${ok}${chunked}\r\n5\r\nhelloX\r\n0\r\n\r\n`, null],
  ['an encoding of the transfer', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n${chunks}`, null],
  ['an encoding of the transfer alone', `${ok}Transfer-Encoding: gzip\r\n\r\nhello`, null],

  // First lines
  ['HTTP/1.0', `HTTP/1.0 200 OK\r\n${five}\r\nhello`, 'hello'],
  ['HTTP/1.0 and chunks', `HTTP/1.0 200 OK\r\n${chunked}\r\n${chunks}`, 'hello'],
  ['HTTP/1.2', `HTTP/1.2 200 OK\r\n${five}\r\nhello`, 'hello'],
  ['no reason', `HTTP/1.1 200\r\n${five}\r\nhello`, 'hello'],
  ['no reason behind a blank', `HTTP/1.1 200 \r\n${five}\r\nhello`, 'hello'],
  ['a control character in the reason', `HTTP/1.1 200 O\x01K\r\n${five}\r\nhello`, 'hello'],
  ['a byte above 127 in the reason', `HTTP/1.1 200 O\xe9K\r\n${five}\r\nhello`, 'hello'],
  ['small letters', `http/1.1 200 OK\r\n${five}\r\nhello`, null, false],
  ['another protocol', `ICY 200 OK\r\n${five}\r\nhello`, null, false],
  ['two blanks', `HTTP/1.1  200 OK\r\n${five}\r\nhello`, null, false],
  ['a status of two digits', `HTTP/1.1 20 OK\r\n${five}\r\nhello`, null, false],
  ['a status of four digits', `HTTP/1.1 2000 OK\r\n${five}\r\nhello`, null, false],
  ['100 before it', `HTTP/1.1 100 Continue\r\n\r\n${ok}${five}\r\nhello`, 'hello'],
  [
    '103 with a header before it',
    `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}${five}\r\nhello`,
    'hello',
  ],
  ['100 with LF lines before it', `HTTP/1.1 100 Continue\n\n${ok}${five}${five}\r\nhello`, 'hello'],
  ['100 alone', 'HTTP/1.1 100 Continue\r\n\r\n', null, false],
  [
    'another protocol to come',
    'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    null,
    false,
  ],
  ['no HTTP', '<html>hello</html>', null, false],
  ['nothing', '', null, false],
  ['204 with a body', `HTTP/1.1 204 No Content\r\n${five}\r\nhello`, null],
];
