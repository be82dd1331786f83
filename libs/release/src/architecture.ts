/** This machine's, as Docker names it. */
export const machineArchitecture = process.arch === 'x64' ? 'amd64' : process.arch;
