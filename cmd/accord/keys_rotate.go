package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"accord/adapters/keyring"
	"accord/api"
	"accord/cmd/accord/internal/config"
)

// longestSignIn is more than any dialect lets a sign-in last.
const longestSignIn = 14 * 24 * time.Hour

// tokenLife is how long an access token lasts at most.
func tokenLife(c config.Config) time.Duration {
	return max(c.Session.TTL, c.Session.Keep, longestSignIn)
}

func newKeysRotate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Add fresh keys to the key ring, which take over from the present ones",
		Long: "Add fresh keys to the key ring, which take over from the present ones after the lead. Running servers read\n" +
			"the file by themselves; where each has a copy of it, every copy has to be replaced within the lead. Tokens\n" +
			"stay good until they expire, and what is sealed is sealed anew by the running servers.",
		Args: noArgs,
	}
	path := configFlag(cmd)
	signing := cmd.Flags().Bool("signing", false, "only the key that signs tokens")
	sealing := cmd.Flags().Bool("sealing", false, "only the key that seals data")
	lead := cmd.Flags().Duration("lead", 2*time.Minute, "how long the fresh keys are known before they are used")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *lead < 0 {
			return fmt.Errorf("--lead is %s: it is not negative", *lead)
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		both := *signing == *sealing
		now := time.Now()
		rotation := keyring.Rotation{
			Signing: both || *signing, Sealing: both || *sealing,
			Now: now, ActiveFrom: now.Add(*lead).Truncate(time.Second), TokenLife: tokenLife(c),
		}
		var ring *keyring.Ring
		err = keyring.Update(c.Keys.File, func(old *keyring.Ring) (_ *keyring.Ring, err error) {
			ring, err = old.Rotated(rotation)
			return ring, err
		})
		if err != nil {
			return err
		}
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			return err
		}
		tellRotation(cmd.OutOrStdout(), ring, rotation, zone)
		tellDuties(cmd.ErrOrStderr(), c.Keys.File, *lead)
		return nil
	}
	return cmd
}

// tellRotation says what happens when.
func tellRotation(w io.Writer, ring *keyring.Ring, o keyring.Rotation, zone *time.Location) {
	from := moment(o.ActiveFrom.In(zone))
	for _, k := range ring.Keys(o.ActiveFrom) {
		fresh := k.From.Equal(o.ActiveFrom)
		switch {
		case fresh && k.Kind == keyring.Signing:
			fmt.Fprintf(w, "signing key %s: published now, signs from %s on\n", k.ID, from)
		case fresh:
			fmt.Fprintf(w, "sealing key %s: seals from %s on; then servers seal anew what is sealed under older ones\n", k.ID, from)
		case o.Signing && k.Kind == keyring.Signing && k.HasPrivate:
			fmt.Fprintf(w, "signing key %s: signs until then, its tokens are good until %s at the latest\n", k.ID, moment(k.Until.In(zone)))
		}
	}
}

func tellDuties(w io.Writer, file string, lead time.Duration) {
	fmt.Fprintf(w, "accord: keep a copy of %s beside the older ones: copies of the database need the keys of their time\n", file)
	if lead < api.KeySetAge {
		fmt.Fprintf(w, "accord: other services may keep the published keys for %s, and refuse new tokens so long\n", api.KeySetAge)
	}
}
