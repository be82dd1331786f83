/** What a backup that is made now is called in the volume of backups. @param what what it is made for: `handed-over` */
export const backupName = (what: string): string =>
  `${what}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.age`;
