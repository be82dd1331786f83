export { backupCommands, type BackupContext } from './backup-commands.ts';
export { backupParts } from './backup-schedule.ts';
export { makeKeys, seal, unseal } from './encryption.ts';
export { restoreBackup } from './restore-backup.ts';
export { writeBackup } from './write-backup.ts';
