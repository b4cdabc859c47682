package reconcile

import (
	"strings"

	"accord/app"
)

// privilegesInGitea is the item of a user that administers Gitea. That it is
// restricted is no privilege.
func privilegesInGitea(f app.Facts, v app.DirectoryView) Item {
	item := itemOf(Gitea, f)
	item.User = v
	if v.Admin {
		item.differs(Privilege, Field{Name: "site administrator", Have: "yes"})
	}
	return item
}

// privilegesInStorage is the item of a user that is in groups: whatever policies
// they have are its own, too.
func privilegesInStorage(f app.Facts, v app.StorageView) Item {
	item := itemOf(InStorage, f)
	item.Storage = v
	if v.Groups != "" {
		item.differs(Privilege, fieldsOf("group", v.Groups)...)
	}
	return item
}

// fieldsOf makes a field of each name in a list that commas join.
func fieldsOf(name, list string) []Field {
	var fields []Field
	for have := range strings.SplitSeq(list, ",") {
		if have != "" {
			fields = append(fields, Field{Name: name, Have: have})
		}
	}
	return fields
}

// expected reports whether an item is the privilege of an account that is
// protected: whoever protects an account knows of it.
func expected(i Item) bool { return i.Protected && i.Has(Privilege) }
