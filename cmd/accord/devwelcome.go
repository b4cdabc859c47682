package main

import (
	"os"
	"text/template"

	"accord/cmd/accord/internal/config"
)

// welcomeText holds no secret: it stays on the screen and in the logs of CI.
var welcomeText = template.Must(template.New("welcome").Parse(`
{{if .ServersOnly}}The servers are ready; the API is not started.{{else}}Accord is ready.{{end}}

  API            {{.API}}{{if .ServersOnly}}, once you run: {{.Program}} serve --config {{.Config}}{{end}}
  Gitea          {{.C.Gitea.URL}}
  storage        {{.C.Storage.Endpoint}}, buckets {{.C.Storage.Bucket}}-*, region {{.C.Storage.Region}}
  mail           {{.Mail}}, a file for each message
  SMS            {{.C.SMS.Dir}}, a file for each message
  database       {{.C.Database.Driver}}
  configuration  {{.Config}}
  credentials    {{.State}}
{{if not .ServersOnly}}
Try it in a second shell:

  curl -s {{.API}}/api/user/registerIndividual -H 'Content-Type: application/json' \
    -d '{"username":"alice","email":"alice@example.com","password":"1qazxsw2"}'
  curl -s {{.API}}/api/user/login -H 'Content-Type: application/json' \
    -d '{"username":"alice","password":"1qazxsw2"}'
{{end}}
Ctrl-C ends all of it.
`))

// welcome tells the user where everything is.
func (d *devRun) welcome(c config.Config) error {
	return welcomeText.Execute(d.cmd.OutOrStdout(), map[string]any{
		"ServersOnly": d.serversOnly, "Program": os.Args[0], "API": apiURL(c), "C": c,
		"Mail": d.path("mail"), "Config": d.path(configFile), "State": d.path(stateFile),
	})
}
