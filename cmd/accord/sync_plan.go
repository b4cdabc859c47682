package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"accord/app/reconcile"
)

// printPlanTable prints what differs by system and kind, each with its count,
// then what was seen beside.
func printPlanTable(w io.Writer, p reconcile.Plan, _ planSites) error {
	var out strings.Builder
	for _, system := range p.Systems {
		fmt.Fprintf(&out, "%s: %s read, %d of them not ours\n", system, counted(p.Read[system], "user"), p.Foreign[system])
	}
	counts := p.Counts()
	for _, system := range p.Systems {
		for _, kind := range reconcile.Kinds() {
			if n := counts[system][kind]; n > 0 {
				fmt.Fprintf(&out, "\n%s, %s: %d\n", system, kind, n)
				printItems(&out, p.Items, func(i reconcile.Item) bool { return i.System == system && i.Has(kind) }, kind)
			}
		}
	}
	if len(p.Kept) > 0 {
		fmt.Fprintf(&out, "\ngitea, orphans that are shut out and kept, for you to decide: %d\n", len(p.Kept))
		printItems(&out, p.Kept, nil, keptOrphan)
	}
	if len(p.Unsettled) > 0 {
		fmt.Fprintf(&out, "\nbeing changed, so not judged: %d\n", len(p.Unsettled))
		printItems(&out, p.Unsettled, nil, "")
	}
	printPending(&out, p)
	printForeign(&out, p)
	if p.InAccord() {
		fmt.Fprintf(&out, "\nin accord: %s\n", counted(p.Accounts, "account"))
	} else {
		fmt.Fprintf(&out, "\n%s\n", summary(p))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// summary says who has how much to do, in one line.
func summary(p reconcile.Plan) string {
	w := p.Work()
	parts := []string{"no repairs"}
	if w.Repairs > 0 {
		parts[0] = counted(w.Repairs, "repair") + " for " + counted(w.Accounts, "account")
	}
	if n := p.Removals(); n > 0 {
		parts = append(parts, "users of "+counted(n, "account")+" would be removed or shut out")
	}
	if w.Privileges > 0 {
		parts = append(parts, counted(w.Privileges, "privilege")+" for you to decide")
	}
	if w.Protected > 0 {
		parts = append(parts, counted(w.Protected, "difference")+" of protected accounts left as found")
	}
	return strings.Join(parts, "; ")
}

// printItems prints those that pass, with what of them is of that kind.
func printItems(out io.Writer, all []reconcile.Item, pass func(reconcile.Item) bool, kind reconcile.Kind) {
	t := newTable(out, "user", "account", "what differs")
	for _, i := range all {
		if pass == nil || pass(i) {
			t.AppendRow(table.Row{plainText(i.Username), plainText(i.AccountID), plainText(describe(i, kind))})
		}
	}
	t.Render()
}

// keptOrphan is how orphans are described that nothing is done about.
const keptOrphan reconcile.Kind = "kept"

// describe tells what an item's repair does for one of its kinds.
func describe(i reconcile.Item, kind reconcile.Kind) string {
	text := map[reconcile.Kind]string{
		reconcile.Missing: "made again", reconcile.Orphan: "removed, or shut out where it has something",
		keptOrphan:     "shut out, and kept: it has repositories, packages or organizations",
		reconcile.Mark: "its mark is put back", reconcile.Policy: "the policy of homes, and its secret, are put back",
		reconcile.Number:   fmt.Sprintf("number %d is noted in place of %d", i.User.ID, i.Facts.GiteaID),
		reconcile.Token:    counted(len(i.Tokens), "token") + " to be deleted",
		reconcile.Password: "its password in Gitea is replaced by one that nobody knows",
	}[kind]
	if slices.Contains([]reconcile.Kind{reconcile.Policy, reconcile.Privilege, reconcile.Credential, reconcile.SecondAddress}, kind) {
		text = has(i, kind, text)
	}
	if kind == reconcile.Orphan && i.System == reconcile.InStorage {
		text = "removed; its objects stay"
	}
	if kind == reconcile.Orphan && i.User.Adopted {
		text = "given back: it was adopted, and stays without our mark"
	}
	if kind == reconcile.Missing && len(i.Fields) > 0 {
		text += fmt.Sprintf("; its number %d is %q, without our mark: if that is the person's own, give it the account's name and "+
			"address in Gitea, and plan again", i.Facts.GiteaID, i.Fields[0].Have)
	}
	if text == "" {
		text = differences(i, kind)
	}
	if i.Protected {
		text += " (protected: left as it is)"
	}
	return text
}

// has tells what the user has that it should not, and what becomes of it: the text.
func has(i reconcile.Item, kind reconcile.Kind, text string) string {
	var names []string
	for _, f := range i.Fields {
		if (f.Name == "policy") == (kind == reconcile.Policy) && f.Want == "" {
			names = append(names, fmt.Sprintf("%s %q", f.Name, f.Have))
		}
	}
	switch {
	case kind == reconcile.Policy && len(names) == 0:
		return text
	case kind == reconcile.Credential, kind == reconcile.SecondAddress:
		text = "to be ended"
	case kind == reconcile.Privilege:
		text = "for you to decide"
	}
	return strings.Join(names, ", ") + ": " + text
}

// differences are the fields that the kind is about.
func differences(i reconcile.Item, kind reconcile.Kind) string {
	names := map[reconcile.Kind][]string{
		reconcile.Name: {"name"}, reconcile.Address: {"address"}, reconcile.Status: {"status"},
		reconcile.Profile: {"full name", "description", "website", "location"},
	}[kind]
	var texts []string
	for _, f := range i.Fields {
		if kind == "" || slices.Contains(names, f.Name) {
			texts = append(texts, fmt.Sprintf("%s: %q, should be %q", f.Name, f.Have, f.Want))
		}
	}
	if kind == "" {
		for _, k := range i.Kinds {
			texts = append(texts, string(k))
		}
	}
	return strings.Join(texts, "; ")
}

func printPending(out io.Writer, p reconcile.Plan) {
	if p.PendingTotal == 0 {
		return
	}
	fmt.Fprintf(out, "\nsagas that have not ended, not touched: %d\n", p.PendingTotal)
	t := newTable(out, "user", "account", "saga", "flow", "phase")
	for _, s := range p.Pending {
		phase := s.Phase
		if s.Stuck {
			phase += ", stuck"
		}
		t.AppendRow(table.Row{plainText(s.Username), plainText(s.AccountID), s.ID, s.Flow, phase})
	}
	t.Render()
}

func printForeign(out io.Writer, p reconcile.Plan) {
	if len(p.ForeignNames) == 0 {
		return
	}
	fmt.Fprintln(out, "\nusers that are not ours, not touched:")
	t := newTable(out, "system", "name")
	for _, f := range p.ForeignNames {
		t.AppendRow(table.Row{f.System, plainText(f.Name)})
	}
	t.Render()
}
