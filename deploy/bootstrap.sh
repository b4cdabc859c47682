#!/bin/sh
# Makes the credentials of every system at the first start; what exists stays. Each service has a folder (a volume) of its
# own, and each file belongs to the user that the service runs as: nothing is readable by everyone.
set -eu
secrets=${SECRETS:-/secrets}

# folder NAME OWNER MODE
folder() {
	mkdir -p "$secrets/$1"
	[ "$(id -u)" != 0 ] || chown "$2" "$secrets/$1"
	chmod "$3" "$secrets/$1"
}

# once FILE OWNER VALUE
once() {
	[ -s "$secrets/$1" ] && return
	(umask 0377 && printf '%s' "$3" >"$secrets/$1.part")
	[ "$(id -u)" != 0 ] || chown "$2" "$secrets/$1.part"
	mv "$secrets/$1.part" "$secrets/$1"
	echo "made $1"
}
random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# The users of the images: mysql 999, gitea 1000, minio root, accord 65532.
folder mysql 999:999 0500
folder gitea 1000:1000 0500
folder storage 0:0 0500
folder accord 65532:65532 0500
folder gitea-admin 1000:65532 2750 # gitea-admin.sh writes it; files get Accord's group

# A value that two services need is made once, in the first one's folder.
once mysql/root_password 999:999 "$(random)"
once mysql/password 999:999 "$(random)"
once gitea/secret_key 1000:1000 "$(random)"
once storage/root_password 0:0 "$(random)"
once accord/database_dsn 65532:65532 "accord:$(cat "$secrets/mysql/password")@tcp(mysql:3306)/accord"
once accord/storage_root_password 65532:65532 "$(cat "$secrets/storage/root_password")"
