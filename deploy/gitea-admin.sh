#!/bin/sh
# Makes the administrator that Accord works as, at the first start. Gitea draws the password, so that it is never on a command
# line, and it is kept in a file that Accord alone may read.
set -eu
file=${SECRETS:-/secrets}/gitea-admin/admin_password
admin=${ADMIN:-accord-admin}
[ ! -s "$file" ] || exit 0
if gitea admin user list --admin | grep -qw "$admin"; then
	echo "gitea-admin: $admin exists and $file does not: the first start was cut off." >&2
	echo "gitea-admin: 'docker compose down --volumes' and start again; nothing was stored yet." >&2
	exit 1
fi
rm -f "$file.part"
(umask 0337 && gitea admin user create --admin --must-change-password=false --username "$admin" \
	--email "$admin@accord.invalid" --random-password --random-password-length 32 |
	sed -n "s/^generated random password is '\(.*\)'\$/\1/p" | tr -d '\n' >"$file.part")
[ -s "$file.part" ] || { echo "gitea-admin: Gitea printed no password" >&2; exit 1; }
mv "$file.part" "$file"
