package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"accord/app"
)

// beyondEviction names what opens Gitea and cannot be ended through its API.
const beyondEviction = "not reached, since Gitea's API shows neither: its own web sessions, and OAuth2 grants to other people's applications; see docs/gitea.md"

// credentialView is a credential as people and programs see it.
type credentialView struct {
	Kind app.CredentialKind `json:"kind"`
	Name string             `json:"name"`
}

func (v credentialView) String() string { return fmt.Sprintf("%s %q", v.Kind, plainText(v.Name)) }

func viewsOf(all []app.Credential) []credentialView {
	views := make([]credentialView, len(all))
	for n, c := range all {
		views[n] = credentialView{c.Kind, c.Name}
	}
	return views
}

// evictionView is what an eviction ends, or would.
type evictionView struct {
	DryRun    bool             `json:"dryRun"`
	AccountID string           `json:"accountId"`
	Username  string           `json:"username"`
	Ended     []credentialView `json:"ended"`
	// Unnamed is the number of those that have ended and are not listed.
	Unnamed int `json:"unnamed,omitempty"`
	// Left are keys, which --keys ends too.
	Left []credentialView `json:"left"`
	// Saga is empty in a dry run.
	Saga string `json:"saga,omitempty"`
}

func newAccountEvict() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evict USER",
		Short: "End every credential of an account that no open session has",
		Long: "End every access token, SSH key, OAuth2 application, second address, webhook and Actions runner of an account's Gitea\n" +
			"user and every access key of its storage user, whoever made them, except what open sessions have. Gitea refuses the user\n" +
			"meanwhile. --keys ends GPG and deploy keys too.\n" +
			"Without --apply it only lists them. `accord account revoke --all` ends the sessions.",
		Args: namedArgs,
	}
	flags := newAccountFlags(cmd)
	apply := cmd.Flags().Bool("apply", false, "end them; without it nothing is changed")
	keys := cmd.Flags().Bool("keys", false, "end GPG and deploy keys too")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return operate(cmd, flags, args[0], func(ctx context.Context, o operation) error {
			if *apply {
				return o.evict(ctx, *keys)
			}
			return o.showEvictable(ctx, *keys)
		})
	}
	return cmd
}

func (o operation) evict(ctx context.Context, keys bool) error {
	out, receipt, err := o.service.Evict(ctx, o.account.ID, keys)
	if err != nil && receipt.Pending == nil {
		return notDone(o.account, "evicted", receipt, err)
	}
	if err != nil {
		return o.tell(ctx, "evicted", receipt, err)
	}
	return o.printEviction(evictionView{Ended: viewsOf(out.Ended), Unnamed: out.Count() - len(out.Ended), Left: viewsOf(out.Left), Saga: receipt.ID})
}

func (o operation) showEvictable(ctx context.Context, keys bool) error {
	found, err := o.service.Evictable(ctx, o.account.ID, true)
	if err != nil {
		return fmt.Errorf("the credentials of %s (%s) cannot be listed; fix what `accord doctor` reports (%w)", o.account.Username, o.account.ID, err)
	}
	if err := auditRead(ctx, o.store, app.ReadCredentials, o.account.ID, len(found)); err != nil {
		return err
	}
	view := evictionView{DryRun: true}
	for _, c := range found {
		if c.Kind.IsKey() && !keys {
			view.Left = append(view.Left, viewsOf([]app.Credential{c})...)
		} else {
			view.Ended = append(view.Ended, viewsOf([]app.Credential{c})...)
		}
	}
	return o.printEviction(view)
}

func (o operation) printEviction(v evictionView) error {
	v.AccountID, v.Username = o.account.ID, o.account.Username
	v.Ended, v.Left = append([]credentialView{}, v.Ended...), append([]credentialView{}, v.Left...)
	if o.asJSON {
		return printIndented(o.out, v)
	}
	return v.print(o.out)
}

func (v evictionView) print(w io.Writer) error {
	var out strings.Builder
	verb := "ended"
	if v.DryRun {
		verb = "would end"
	}
	for _, c := range v.Ended {
		fmt.Fprintf(&out, "%s: %s\n", verb, c)
	}
	if v.Unnamed > 0 {
		fmt.Fprintf(&out, "%s: %d more\n", verb, v.Unnamed)
	}
	for _, c := range v.Left {
		fmt.Fprintf(&out, "left without --keys: %s\n", c)
	}
	fmt.Fprintf(&out, "%s of %s (%s) %s", counted(len(v.Ended)+v.Unnamed, "credential"), v.Username, v.AccountID, verb)
	if v.Saga != "" {
		fmt.Fprintf(&out, ", saga %s", v.Saga)
	}
	fmt.Fprintf(&out, "\n%s\n", beyondEviction)
	if v.DryRun {
		out.WriteString("nothing was changed; --apply ends them\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}
