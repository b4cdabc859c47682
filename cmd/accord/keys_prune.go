package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"accord/adapters/keyring"
	"accord/cmd/accord/internal/config"
)

func newKeysPrune() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove retired keys that nothing needs any more",
		Long: "Remove retired signing keys whose last token has expired, retired sealing keys that nothing in the database\n" +
			"is sealed under, and the private halves of signing keys that sign no more. Without --apply nothing is changed.",
		Args: noArgs,
	}
	path := configFlag(cmd)
	apply := cmd.Flags().Bool("apply", false, "remove them")
	after := cmd.Flags().Duration("after", 10*time.Minute, "how long the sealing key in use must have been so before older ones go")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		p := pruning{c: c, now: time.Now(), after: *after}
		if *apply {
			err = keyring.Update(c.Keys.File, func(ring *keyring.Ring) (*keyring.Ring, error) {
				if err := p.judge(cmd.Context(), ring); err != nil {
					return nil, err
				}
				if len(p.gone) == 0 {
					return nil, errNothingGoes
				}
				return ring.Without(p.ids, p.now)
			})
		} else {
			err = p.look(cmd.Context())
		}
		if err != nil && !errors.Is(err, errNothingGoes) {
			return err
		}
		return p.tell(cmd.OutOrStdout(), *apply)
	}
	return cmd
}

// errNothingGoes leaves the file as it is.
var errNothingGoes = errors.New("nothing to remove")

// pruning finds what a key ring can do without.
type pruning struct {
	c     config.Config
	now   time.Time
	after time.Duration
	// ids are the keys that can go; gone and kept say so of each, and why.
	ids, gone, kept []string
}

func (p *pruning) look(ctx context.Context) error {
	ring, err := keyring.Load(p.c.Keys.File)
	if err != nil {
		return err
	}
	return p.judge(ctx, ring)
}

func (p *pruning) judge(ctx context.Context, ring *keyring.Ring) error {
	keys, err := viewKeys(ctx, p.c, ring, p.now)
	if err != nil {
		return err
	}
	var since time.Time // the sealing key in use is
	for _, k := range keys {
		if k.Kind == keyring.Sealing && k.State == keyring.Active {
			since = k.ActiveFrom
		}
	}
	for _, k := range keys {
		if k.State != keyring.Retired {
			continue
		}
		name := fmt.Sprintf("%s key %s", k.Kind, k.ID)
		why := p.need(k, since)
		switch {
		case why == "":
			p.ids, p.gone = append(p.ids, k.ID), append(p.gone, name)
		case k.HasPrivate:
			p.gone = append(p.gone, "the private half of "+name)
			fallthrough
		default:
			p.kept = append(p.kept, name+": "+why)
		}
	}
	return nil
}

// need is why a retired key must stay; empty where it need not.
func (p *pruning) need(k keyView, since time.Time) string {
	switch {
	case k.Kind == keyring.Signing && p.now.Before(k.Until):
		return "its tokens are good until " + moment(k.Until) + " at the latest"
	case k.Kind == keyring.Signing:
		return ""
	case *k.Sealed > 0:
		return fmt.Sprintf("sealed values under it: %d; running servers seal them anew", *k.Sealed)
	case p.now.Sub(since) < p.after:
		return fmt.Sprintf("its successor is in use for less than %s; a server that lags may still seal under it", p.after)
	}
	return ""
}

func (p *pruning) tell(w io.Writer, applied bool) error {
	verb := "would remove"
	if applied {
		verb = "removed"
	}
	for _, name := range p.gone {
		fmt.Fprintln(w, verb, name)
	}
	for _, name := range p.kept {
		fmt.Fprintln(w, "keeps", name)
	}
	var err error
	switch {
	case len(p.gone) == 0:
		_, err = fmt.Fprintln(w, "nothing to remove")
	case !applied:
		_, err = fmt.Fprintln(w, "nothing was changed; --apply removes them")
	}
	return err
}
