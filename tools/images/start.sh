#!/bin/sh
# Starts the program of this image. What only this container may know is in a file that a volume brings.
if [ -f /secrets/env ]; then exec node --env-file=/secrets/env /app/main.mjs "$@"; fi
exec node /app/main.mjs "$@"
