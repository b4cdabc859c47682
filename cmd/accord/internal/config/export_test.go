package config

import (
	"fmt"
	"strings"
)

// Row describes one setting for the manual.
type Row struct {
	Key, Env string
	// Default is as written in Markdown.
	Default string
}

// Reference lists every setting in the order of its declaration.
func Reference() []Row {
	c := Default()
	var rows []Row
	for _, s := range settingsOf(&c) {
		row := Row{Key: s.key, Env: EnvName(s.key), Default: "–"}
		if !s.field.IsZero() {
			text := strings.Trim(fmt.Sprint(s.field.Interface()), "[]")
			row.Default = "`" + strings.TrimSuffix(text, "0m0s") + "`"
		}
		rows = append(rows, row)
	}
	return rows
}
