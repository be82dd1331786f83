/** What operators of ComputeHorde know as commands of its web framework, and what is instead: the rest of a sentence. */
export const webFrameworkCommands: Readonly<Record<string, string>> = {
  migrate: 'the service brings its tables up to date by itself when it starts',
  makemigrations: 'the tables are part of a release',
  collectstatic: 'what the panel is made of is part of the service',
  createsuperuser: '`create_admin NAME` makes an account of the panel',
  changepassword: '`change_admin_password NAME` sets another password',
  runserver: 'the service runs without a command',
  shell: 'there is no Python here; `explain JOB`, `doctor` and the panel show what is stored',
  dbshell: 'use psql in the container of the database',
};
