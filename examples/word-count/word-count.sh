#!/bin/busybox sh
# Counts the words and bytes of every regular file below a folder, and hashes it.
#
#   word-count [REPORT [FOLDER]]      default: /artifacts/report.json /volume
#
# A word is a run of bytes other than space, tab, newline, vertical tab, form feed and carriage return. (`wc -w` of
# busybox passes over bytes outside printable ASCII, and finds no words in a text without Latin letters.)
# Paths are relative to FOLDER, sorted as bytes. Paths that are not UTF-8, and files that cannot be read, are errors.
export LC_ALL=C
report=${1:-/artifacts/report.json}
(set -o pipefail) 2>/dev/null && set -o pipefail

fail() {
  echo "word-count: $1" >&2
  rm -f "$report.part"
  exit 1
}

# For a batch of files: how many, their paths as JSON, sizes, hashes, and their contents, one after the other, as a
# stream of `x` and blanks in lines of 8192. A few commands a batch; one a file would take a millisecond each.
batch='
  echo $#
  awk "$JSON_PATHS" "$@" && stat -c %s "$@" || exit 255
  case "$*" in
    *"
"*) for file; do sha256sum <"$file" || exit 255; done ;;
    *) sha256sum "$@" || exit 255 ;;
  esac
  cat "$@" | tr "\011-\015" " " | tr -c " " x | fold -b -w 8192
  echo
'

export JSON_PATHS='
  function json(text, i, character) {
    if (text ~ /[\200-\377]/) {
      valid = text
      gsub(/[\302-\337][\200-\277]|\340[\240-\277][\200-\277]|[\341-\354\356\357][\200-\277][\200-\277]|\355[\200-\237][\200-\277]|\360[\220-\277][\200-\277][\200-\277]|[\361-\363][\200-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277]/, "u", valid)
      if (valid ~ /[\200-\377]/) { print "word-count: a path is not UTF-8: " text > "/dev/stderr"; exit 1 }
    }
    gsub(/\\/, "\\u005c", text)
    gsub(/"/, "\\u0022", text)
    for (i = 1; text ~ /[\001-\037]/ && i < 32; i++) {
      character = sprintf("%c", i)
      gsub(character, sprintf("\\u%04x", i), text)
    }
    return "\"" text "\""
  }
  BEGIN { for (i = 1; i < ARGC; i++) print json(substr(ARGV[i], 3)) }
'

merge='
  stage == "" && $0 == "done" { complete = 1; next }
  stage == "" { count = $0; stage = "path"; at = 0; next }
  stage == "path" { path[++at] = $0; if (at == count) { stage = "size"; at = 0; left = 0 } next }
  stage == "size" { left += size[++at] = $0; if (at == count) { stage = "hash"; at = 0 } next }
  stage == "hash" {
    sub(/^\\/, "")
    hash[++at] = substr($0, 1, 64)
    words[at] = 0
    if (at == count) { stage = "text"; at = 1; rest = size[1]; last = " " }
    next
  }
  {
    line = $0
    long = length(line)
    left -= long
    for (from = 1; from <= long; from += take) {
      while (rest == 0) { rest = size[++at]; last = " " }
      take = long - from + 1 < rest ? long - from + 1 : rest
      $0 = take == long ? line : substr(line, from, take)
      words[at] += NF - (last == "x" && substr($0, 1, 1) == "x")
      last = substr($0, take, 1)
      rest -= take
    }
    if (left > 0) next
    for (i = 1; i <= count; i++) {
      printf "%s\n    {\"path\":%s,\"words\":%.0f,\"bytes\":%.0f,\"sha256\":\"%s\"}", (files++ ? "," : ""), path[i], words[i], size[i], hash[i] > part
      all_words += words[i]
      all_bytes += size[i]
    }
    stage = ""
  }
  BEGIN { part = ENVIRON["PART"]; printf "{\n  \"files\": [" > part }
  END {
    if (!complete) exit 1
    printf "%s],\n  \"totals\": {\"files\":%.0f,\"words\":%.0f,\"bytes\":%.0f}\n}\n", (files ? "\n  " : ""), files, all_words, all_bytes > part
    printf "%.0f files, %.0f words, %.0f bytes\n", files, all_words, all_bytes
  }
'

case $report in /*) ;; *) report=$PWD/$report ;; esac
true 2>/dev/null >"$report.part" || fail "the report cannot be written to $report"
cd "${2:-/volume}" 2>/dev/null || fail "there is no folder ${2:-/volume}"
{ find . -type f -print0 | sort -z | xargs -0 -r sh -c "$batch" word-count && echo done; } |
  PART="$report.part" awk "$merge" || fail 'some files could not be read'
mv "$report.part" "$report" || fail "the report cannot be written to $report"
