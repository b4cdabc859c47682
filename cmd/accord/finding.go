package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// finding is what one check of doctor came to.
type finding struct {
	System string `json:"system"`
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	// Warning is something to look after that is no fault of a system's.
	Warning bool `json:"warning,omitempty"`
	// NotTried is a check that another fault kept from being made; OK is false.
	NotTried bool `json:"notTried,omitempty"`
	// Detail is what was found or, of a fault, what is wrong and what to do.
	Detail string `json:"detail"`
}

func found(system, check, format string, args ...any) finding {
	return finding{System: system, Check: check, OK: true, Detail: fmt.Sprintf(format, args...)}
}

func warning(system, check, format string, args ...any) finding {
	w := found(system, check, format, args...)
	w.Warning = true
	return w
}

func fault(system, check string, detail any) finding {
	return finding{System: system, Check: check, Detail: fmt.Sprint(detail)}
}

// notTried returns the checks of a system that were not made because they need
// something that has a fault.
func notTried(system, needs string, checks ...string) []finding {
	findings := make([]finding, len(checks))
	for i, check := range checks {
		findings[i] = finding{System: system, Check: check, NotTried: true, Detail: "not tried: needs " + needs}
	}
	return findings
}

// faultsIn is an error that counts the faults, or nil.
func faultsIn(findings []finding) error {
	n := 0
	for _, f := range findings {
		if !f.OK && !f.NotTried {
			n++
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("1 fault")
	default:
		return fmt.Errorf("%d faults", n)
	}
}

func printTable(w io.Writer, findings []finding) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		state := "ok"
		switch {
		case f.NotTried:
			state = "SKIP"
		case !f.OK:
			state = "FAULT"
		case f.Warning:
			state = "WARN"
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", state, f.System, f.Check, f.Detail); err != nil {
			return err
		}
	}
	return table.Flush()
}

func printJSON(w io.Writer, findings []finding) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"ok": faultsIn(findings) == nil, "checks": findings})
}
