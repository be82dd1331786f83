#!/bin/sh
# `python manage.py COMMAND`, as operators of ComputeHorde type it: the command of that name of this image's program.
case ${1:-} in
  manage.py | */manage.py)
    shift
    [ $# -gt 0 ] || set -- --help
    exec PROGRAM "$@"
    ;;
esac
echo 'There is no Python here: python manage.py COMMAND runs a command of the PROGRAM.' >&2
exit 2
