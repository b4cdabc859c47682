package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"accord/app"
	"accord/app/reconcile"
)

const (
	// maxAdoptions is how many users one plan may hold.
	maxAdoptions = 100_000
	// maxUsersFile bounds a file of names, in bytes.
	maxUsersFile = 8 << 20
	// adoptVersion is that of the JSON of a plan of adoptions, as planVersion.
	adoptVersion = 1
)

// adoptFlags are those of a run of adopt, beside those of sync that it has.
type adoptFlags struct {
	*syncFlags
	gitea, apply bool
	match, users string
}

func newSyncAdopt() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adopt --gitea [--match GLOB | --users FILE]",
		Short: "Take people in who have a Gitea account already",
		Long: "Take people in who have a Gitea account already: each gets an account here and a storage user, and keeps user name,\n" +
			"password, profile and all they have in Gitea. Without --apply it only shows who would be taken in, and who not and\n" +
			"why. Exit code: 0 nobody is left to adopt, 2 somebody is, 1 it could not be found out, or one failed. See docs/sync.md.",
		Args: noArgs,
	}
	path, output := configFlag(cmd), outputFlag(cmd)
	f := &adoptFlags{syncFlags: &syncFlags{maxItems: maxAdoptions}}
	flags := cmd.Flags()
	flags.BoolVar(&f.gitea, "gitea", false, "adopt users of Gitea; required, since there is nothing else to adopt yet")
	flags.StringVar(&f.match, "match", "", "those whose user name matches this `glob` (* ? [a-z]), in any case of letters")
	flags.StringVar(&f.users, "users", "", "those in this `file`: a user name a line, # begins a remark, - is the standard input")
	flags.BoolVar(&f.apply, "apply", false, "adopt them; without it nothing is changed")
	flags.Float64Var(&f.qps, "qps", 0, "readings and adoptions per second, at most; 0 for any number")
	flags.IntVar(&f.together, "concurrency", 4, "adoptions at the same time")
	cmd.MarkFlagsMutuallyExclusive("match", "users")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		if !f.gitea {
			return errors.New("say --gitea: it is what users are adopted from")
		}
		choice, err := f.choice(cmd.InOrStdin())
		if err != nil {
			return err
		}
		f.config = *path
		return f.run(cmd, func(ctx context.Context, s *syncRun) error {
			a := &adopting{syncRun: s, out: cmd.OutOrStdout(), asJSON: asJSON, line: repeated(cmd, "gitea", "match", "users", "config")}
			if !f.apply {
				return a.show(ctx, choice)
			}
			return s.alone(ctx, func(ctx context.Context) error { return a.apply(ctx, choice) })
		})
	}
	return cmd
}

func (f *adoptFlags) choice(stdin io.Reader) (reconcile.Choice, error) {
	choice := reconcile.Choice{Pattern: f.match, Most: maxAdoptions}
	if f.users == "" {
		return choice, nil
	}
	in := stdin
	if f.users != "-" {
		file, err := os.Open(f.users)
		if err != nil {
			return choice, err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	var err error
	if choice.Names, err = readNames(in); err != nil {
		err = fmt.Errorf("--users %s: %w", f.users, err)
	}
	return choice, err
}

// readNames reads a name a line, without blanks around it; empty lines, remarks and a
// byte order mark are passed over.
func readNames(in io.Reader) ([]string, error) {
	names := []string{}
	bounded := &io.LimitedReader{R: in, N: maxUsersFile + 1}
	lines := bufio.NewScanner(bounded)
	for lines.Scan() {
		name, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	switch {
	case bounded.N == 0:
		return nil, fmt.Errorf("it is longer than %d bytes", maxUsersFile)
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		return nil, errors.New("a line is too long to be a user name")
	case lines.Err() != nil:
		return nil, lines.Err()
	case len(names) == 0:
		return nil, errors.New("it names nobody")
	}
	return names, nil
}

// adopting is a run of adopt.
type adopting struct {
	*syncRun
	out    io.Writer
	asJSON bool
	// line is the command line of the same run without --apply.
	line string
}

func (a *adopting) plan(ctx context.Context, choice reconcile.Choice) (reconcile.AdoptionPlan, error) {
	return reconcile.PlanAdoption(ctx, a.gitea, a.store.Repairs, choice, a.pace)
}

func (a *adopting) show(ctx context.Context, choice reconcile.Choice) error {
	plan, err := a.plan(ctx, choice)
	if err != nil {
		return err
	}
	if a.asJSON {
		err = printIndented(a.out, adoptionDocumentOf(plan, a.sites))
	} else {
		err = printAdoptions(a.out, plan, a.line)
	}
	if err == nil && len(plan.Adoptable) > 0 {
		err = drifted{}
	}
	return err
}

// apply adopts whom it may, and tells of each.
func (a *adopting) apply(ctx context.Context, choice reconcile.Choice) error {
	plan, err := a.plan(ctx, choice)
	if err != nil {
		return err
	}
	doc := adoptionDocumentOf(plan, a.sites)
	var telling sync.Mutex
	var printErr error
	whileRunning(ctx, a.runner, a.log, func() {
		a.each(ctx, len(doc.Adoptable), func(n int) {
			done := a.one(ctx, plan.Adoptable[n])
			telling.Lock()
			defer telling.Unlock()
			doc.Adoptable[n] = done
			if !a.asJSON {
				_, err := fmt.Fprintln(a.out, done.line())
				printErr = errors.Join(printErr, err)
			}
		})
	})
	doc.count()
	if a.asJSON {
		printErr = errors.Join(printErr, printIndented(a.out, doc))
	} else {
		printErr = errors.Join(printErr, doc.close(a.out, a.line))
	}
	switch {
	case printErr != nil:
		return printErr
	case ctx.Err() != nil:
		return errors.New("stopped; run it again to go on")
	case doc.Counts.Failed > 0:
		return fmt.Errorf("%s failed; the lines above say why", counted(doc.Counts.Failed, "adoption"))
	}
	return nil
}

// each does n things at the run's pace, a bounded number at a time, until ctx ends.
func (a *adopting) each(ctx context.Context, n int, do func(i int)) {
	var group errgroup.Group
	group.SetLimit(a.flags.together)
	for i := range n {
		if a.pace(ctx) != nil {
			break
		}
		group.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = group.Wait() // none has an error
}

func (a *adopting) one(ctx context.Context, user reconcile.Adoption) adoptionItem {
	item := adoptionItemOf(user)
	account, receipt, err := a.service.Adopt(ctx, user.User)
	item.Saga = receipt.ID
	switch {
	case errors.Is(err, app.ErrChanged):
		item.Fault = "it has changed since it was looked at; run this again"
	case err != nil:
		item.Fault = err.Error()
	default:
		item.AccountID = account.ID
	}
	return item
}

// adoptionDocument is a plan of adoptions, or what became of it, for machines.
type adoptionDocument struct {
	Version int       `json:"version"`
	Sites   planSites `json:"sites"`
	// Read is how many users there are in Gitea.
	Read      int            `json:"read"`
	Counts    adoptionCounts `json:"counts"`
	Adoptable []adoptionItem `json:"adoptable"`
	Refused   []adoptionItem `json:"refused"`
}

type adoptionCounts struct {
	Adoptable int            `json:"adoptable"`
	Adopted   int            `json:"adopted"`
	Failed    int            `json:"failed"`
	Refused   map[string]int `json:"refused"`
}

// adoptionItem is one user. Reason is why it is refused; AccountID and Saga are
// of one that was adopted, Fault of one that was to be.
type adoptionItem struct {
	Username  string `json:"username"`
	Email     string `json:"email,omitempty"`
	GiteaID   int64  `json:"giteaId,omitempty"`
	Reason    string `json:"reason,omitempty"`
	AccountID string `json:"accountId,omitempty"`
	Saga      string `json:"saga,omitempty"`
	Fault     string `json:"fault,omitempty"`
}

func adoptionItemOf(a reconcile.Adoption) adoptionItem {
	return adoptionItem{Username: a.Username, Email: a.User.Email, GiteaID: a.User.ID, Reason: string(a.Obstacle)}
}

func adoptionDocumentOf(p reconcile.AdoptionPlan, sites planSites) *adoptionDocument {
	d := &adoptionDocument{Version: adoptVersion, Sites: sites, Read: p.Read, Adoptable: []adoptionItem{}, Refused: []adoptionItem{}}
	for _, a := range p.Adoptable {
		d.Adoptable = append(d.Adoptable, adoptionItemOf(a))
	}
	for _, a := range p.Refused {
		d.Refused = append(d.Refused, adoptionItemOf(a))
	}
	d.count()
	return d
}

func (d *adoptionDocument) count() {
	d.Counts = adoptionCounts{Adoptable: len(d.Adoptable), Refused: map[string]int{}}
	for _, i := range d.Adoptable {
		if i.AccountID != "" {
			d.Counts.Adopted++
		}
		if i.Fault != "" {
			d.Counts.Failed++
		}
	}
	for _, i := range d.Refused {
		d.Counts.Refused[i.Reason]++
	}
}

// line is one about one user, plain text.
func (i adoptionItem) line() string { return plainText(i.text()) }

func (i adoptionItem) text() string {
	switch {
	case i.Fault != "" && i.Saga == "":
		return fmt.Sprintf("failed    %s: %s", i.Username, i.Fault)
	case i.Fault != "":
		return fmt.Sprintf("failed    %s (saga %s): %s", i.Username, i.Saga, i.Fault)
	}
	return fmt.Sprintf("adopted   %s (%s, saga %s)", i.Username, i.AccountID, i.Saga)
}

// close prints the sum of what was done. The line is that of the run without
// --apply.
func (d *adoptionDocument) close(w io.Writer, line string) error {
	refused := ""
	if len(d.Refused) > 0 {
		refused = fmt.Sprintf("; %d not to be adopted, `%s` says why", len(d.Refused), line)
	}
	_, err := fmt.Fprintf(w, "%d adopted, %d failed, %d not begun%s\n", d.Counts.Adopted, d.Counts.Failed,
		d.Counts.Adoptable-d.Counts.Adopted-d.Counts.Failed, refused)
	return err
}

// printAdoptions prints who would be adopted and who not, by reason. The line is
// that of this run.
func printAdoptions(w io.Writer, p reconcile.AdoptionPlan, line string) error {
	var out strings.Builder
	fmt.Fprintf(&out, "gitea: %s read\n", counted(p.Read, "user"))
	if len(p.Adoptable) > 0 {
		fmt.Fprintf(&out, "\nto be adopted: %d\n", len(p.Adoptable))
		t := newTable(&out, "user", "address", "number")
		for _, a := range p.Adoptable {
			t.AppendRow(table.Row{plainText(a.Username), plainText(a.User.Email), a.User.ID})
		}
		t.Render()
	}
	if len(p.Refused) > 0 {
		fmt.Fprintf(&out, "\nnot to be adopted: %d\n", len(p.Refused))
		t := newTable(&out, "user", "address", "why not")
		for _, a := range p.Refused {
			t.AppendRow(table.Row{plainText(a.Username), plainText(a.User.Email), whyNot[a.Obstacle]})
		}
		t.Render()
	}
	if len(p.Adoptable) == 0 {
		fmt.Fprintln(&out, "\nnobody to adopt")
	} else {
		fmt.Fprintln(&out, "\nnothing was changed; this adopts them:\n  "+line+" --apply")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// whyNot says it to an operator.
var whyNot = map[reconcile.Obstacle]string{
	reconcile.Absent:            "absent: no such user in Gitea",
	reconcile.Organization:      "organization: not a person",
	reconcile.NoPerson:          "no person: a bot, or a name that Gitea keeps",
	reconcile.Ours:              "ours: it has an account already, or bears our mark",
	reconcile.Administrator:     "administrator of Gitea",
	reconcile.External:          "external source: its password is not kept by Gitea",
	reconcile.Prohibited:        "prohibited: it may not sign in to Gitea",
	reconcile.Inactive:          "inactive: its address is not confirmed",
	reconcile.Restricted:        "restricted in Gitea",
	reconcile.SecondFactor:      "second factor: a password alone does not let it in",
	reconcile.OtherLogin:        "login name: it has one of another source",
	reconcile.NameNotAllowed:    "name not allowed here",
	reconcile.NameTaken:         "name taken by an account here",
	reconcile.AddressNotAllowed: "address not allowed here",
	reconcile.AddressTaken:      "address taken by an account here",
	reconcile.AddressDoubled:    "address doubled: several users of Gitea have it",
}
