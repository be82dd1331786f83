# shellcheck shell=bash
# What a person reads goes to standard error; standard output has the block at the end alone.

say() { printf '%s\n' "$*" >&2; }

# The reason on the first line, what to do about it on the next ones.
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}
