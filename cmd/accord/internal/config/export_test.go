package config

import (
	"fmt"
	"strings"
)

// Row describes one setting for the manual.
type Row struct {
	Key, Env string
	// Default is as written in Markdown; empty where there is none.
	Default string
}

// Reference lists every setting in the order of its declaration.
func Reference() []Row {
	c := Default()
	var rows []Row
	for _, s := range settingsOf(&c) {
		row := Row{Key: s.key, Env: EnvName(s.key)}
		switch text := strings.Trim(fmt.Sprint(s.field.Interface()), "[]"); {
		case s.field.IsZero():
		default:
			row.Default = "`" + text + "`"
		}
		rows = append(rows, row)
	}
	return rows
}
