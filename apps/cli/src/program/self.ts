/** How this command is typed here, for lines to copy: `./horde` in a checkout, by whichever path; elsewhere `horde`. */
export const self = process.env['HORDE_SELF'] || (process.env['HORDE_ROOT'] ? './horde' : 'horde');
