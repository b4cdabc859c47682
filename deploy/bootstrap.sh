#!/bin/sh
# Makes the administrator credentials of every system, once: what exists stays. Each folder is a volume of its own, given
# only to those who need what is in it.
set -eu

# once FILE VALUE
once() {
	[ -s "$1" ] && return
	printf '%s' "$2" >"$1.part"
	chmod 0444 "$1.part"
	mv "$1.part" "$1"
	echo "made $1"
}
random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

once /secrets/database/root_password "$(random)"
once /secrets/database/password "$(random)"
once /secrets/database/dsn "accord:$(cat /secrets/database/password)@tcp(mysql:3306)/accord"
once /secrets/gitea/secret_key "$(random)"
once /secrets/gitea/admin_password "$(random)"
once /secrets/storage/root_password "$(random)"
