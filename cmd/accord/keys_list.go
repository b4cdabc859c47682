package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"accord/adapters/keyring"
	"accord/cmd/accord/internal/config"
)

// missing is the state of a sealing key that the ring lacks.
const missing keyring.State = "missing"

// keyView is what an operator sees of a key.
type keyView struct {
	Kind  keyring.Kind  `json:"kind"`
	ID    string        `json:"id"`
	State keyring.State `json:"state"`
	// ActiveFrom is absent where it was the beginning or is not known any more.
	ActiveFrom time.Time `json:"activeFrom,omitzero"`
	// Until is when the last token of a retired signing key has expired.
	Until time.Time `json:"until,omitzero"`
	// Sealed counts the values of the database under a sealing key.
	Sealed *int `json:"sealed,omitempty"`
	// HasPrivate: the file has the private half of the signing key.
	HasPrivate bool `json:"-"`
}

func newKeysList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show each key, where it stands, and how much is sealed under it",
		Args:  noArgs,
	}
	path := configFlag(cmd)
	output := cmd.Flags().String("output", "table", "table or json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		printers := map[string]func(io.Writer, []keyView) error{"table": printKeyTable, "json": printKeyJSON}
		printKeys, known := printers[*output]
		if !known {
			return fmt.Errorf("--output is %q: it is table or json", *output)
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		ring, err := keyring.Load(c.Keys.File)
		if err != nil {
			return err
		}
		keys, err := viewKeys(cmd.Context(), c, ring, time.Now())
		if err != nil {
			return err
		}
		return printKeys(cmd.OutOrStdout(), keys)
	}
	return cmd
}

// viewKeys asks the database what is sealed under which key. Keys that are
// needed there and missing in the ring come last.
func viewKeys(ctx context.Context, c config.Config, ring *keyring.Ring, now time.Time) (views []keyView, err error) {
	s, err := openStore(ctx, c, ring, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.CheckSchema(ctx); err != nil {
		return nil, err
	}
	sealed, err := s.SealedUnder(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, err
	}
	for _, k := range ring.Keys(now) {
		view := keyView{Kind: k.Kind, ID: k.ID, State: k.State, ActiveFrom: inZone(k.From, zone), Until: inZone(k.Until, zone), HasPrivate: k.HasPrivate}
		if k.Kind == keyring.Sealing {
			mark := [5]byte(k.Prefix())
			count := sealed[mark]
			view.Sealed = &count
			delete(sealed, mark)
		}
		views = append(views, view)
	}
	byID := func(a, b [5]byte) int { return slices.Compare(a[:], b[:]) }
	for _, mark := range slices.SortedFunc(maps.Keys(sealed), byID) {
		count := sealed[mark]
		id := strconv.FormatUint(uint64(binary.BigEndian.Uint32(mark[1:])), 10)
		views = append(views, keyView{Kind: keyring.Sealing, ID: id, State: missing, Sealed: &count})
	}
	return views, nil
}

func printKeyTable(w io.Writer, keys []keyView) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KIND\tID\tSTATE\tUSED FROM\tTOKENS UNTIL\tSEALED VALUES")
	for _, k := range keys {
		sealed := ""
		if k.Sealed != nil {
			sealed = strconv.Itoa(*k.Sealed)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", k.Kind, k.ID, k.State, moment(k.ActiveFrom), moment(k.Until), cmp.Or(sealed, "-"))
	}
	return table.Flush()
}

func printKeyJSON(w io.Writer, keys []keyView) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"keys": keys})
}
