package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"accord/adapters/servers"
	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// What `accord dev` leaves in its data directory for other programs.
const (
	configFile = "accord.yaml"
	stateFile  = "dev.json"
	sqliteFile = "accord.db"
)

// devState is dev.json: where everything is while `accord dev` runs. It holds
// secrets.
type devState struct {
	API   string `json:"api"`
	Gitea struct {
		URL           string `json:"url"`
		AdminUser     string `json:"adminUser"`
		AdminPassword string `json:"adminPassword"`
	} `json:"gitea"`
	Storage struct {
		Endpoint     string `json:"endpoint"`
		Region       string `json:"region"`
		Bucket       string `json:"bucket"`
		RootUser     string `json:"rootUser"`
		RootPassword string `json:"rootPassword"`
	} `json:"storage"`
	Mail     devDir `json:"mail"`
	SMS      devDir `json:"sms"`
	Database struct {
		Driver string `json:"driver"`
		DSN    string `json:"dsn"`
	} `json:"database"`
	// PIDs of the child processes; null for one that is not run.
	PIDs struct {
		Gitea   *int `json:"gitea"`
		Storage *int `json:"storage"`
		MariaDB *int `json:"mariadb"`
	} `json:"pids"`
}

type devDir struct {
	Dir string `json:"dir"`
}

// configuration is that of an API on the started servers.
func (d *devRun) configuration(s *devServers) (config.Config, error) {
	c := d.base
	c.Listen = d.listen
	c.Gitea.URL, c.Gitea.AdminUser, c.Gitea.AdminPassword = s.gitea.URL, s.gitea.AdminUser, app.Secret(s.gitea.AdminPassword)
	c.Gitea.AdminToken = ""
	c.Storage.Endpoint, c.Storage.Region = s.minio.Endpoint, s.minio.Region
	c.Storage.AdminUser, c.Storage.AdminPassword = s.minio.RootUser, app.Secret(s.minio.RootPassword)
	c.Database.Driver = d.database
	switch {
	case d.database == store.SQLite:
		c.Database.DSN = app.Secret(store.SQLiteDSN(d.path(sqliteFile)))
	case s.mariadb != nil:
		c.Database.DSN = app.Secret(s.mariadb.DSN)
	}
	host, port, err := net.SplitHostPort(s.mail.Addr)
	if err != nil {
		return c, err
	}
	if c.Mail.Port, err = strconv.Atoi(port); err != nil {
		return c, err
	}
	c.Mail.Host, c.Mail.TLS, c.Mail.Username, c.Mail.Password = host, "none", "", ""
	c.Mail.From = "Accord <accord@localhost>"
	c.SMS.Provider, c.SMS.Dir = "dev", d.path("sms")
	// Everybody here comes from one address.
	c.SMS.PerClientHour, c.Guard.ExemptClients = 0, []string{"127.0.0.0/8", "::1"}
	if len(c.HTTP.AllowedOrigins) == 0 {
		c.HTTP.AllowedOrigins = []string{"http://localhost:*", "http://127.0.0.1:*"}
	}
	c.Keys.File = d.path("keys.json")
	return c, nil
}

// announce writes dev.json.
func (d *devRun) announce(s *devServers, c config.Config) error {
	state := devState{API: apiURL(c), Mail: devDir{s.mail.Dir}, SMS: devDir{c.SMS.Dir}}
	state.Gitea.URL, state.Gitea.AdminUser = c.Gitea.URL, c.Gitea.AdminUser
	state.Gitea.AdminPassword = c.Gitea.AdminPassword.Reveal()
	state.Storage.Endpoint, state.Storage.Region, state.Storage.Bucket = c.Storage.Endpoint, c.Storage.Region, c.Storage.Bucket
	state.Storage.RootUser, state.Storage.RootPassword = c.Storage.AdminUser, c.Storage.AdminPassword.Reveal()
	state.Database.Driver, state.Database.DSN = c.Database.Driver, c.Database.DSN.Reveal()
	running := s.processes()
	state.PIDs.Gitea, state.PIDs.Storage, state.PIDs.MariaDB = pid(running["gitea"]), pid(running["minio"]), pid(running["mariadb"])
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", stateFile, err)
	}
	return config.WriteFile(d.path(stateFile), append(text, '\n'))
}

func pid(p *servers.Process) *int {
	if p == nil {
		return nil
	}
	return new(p.PID())
}

// forget removes dev.json: what it told is not so any more.
func (d *devRun) forget() error {
	if err := os.Remove(d.path(stateFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
