// Is each file, in every key and type, what Grafana's own schema says of a dashboard, an alert rule, a contact point or a tree of
// notification policies? Takes one of these kinds, and files of JSON.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

type checked interface {
	UnmarshalJSONStrict([]byte) error
	Validate() error
}

var kinds = map[string]func() checked{
	"dashboard":     func() checked { return dashboard.NewDashboard() },
	"rule":          func() checked { return alerting.NewRule() },
	"contact-point": func() checked { return alerting.NewContactPoint() },
	"policy":        func() checked { return alerting.NewNotificationPolicy() },
}

func problem(path string, read checked) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := read.UnmarshalJSONStrict(content); err != nil && err.Error() != "" { // an empty list is not nil there
		return err
	}
	return read.Validate()
}

func main() {
	if len(os.Args) < 3 || kinds[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "grafana-schema dashboard|rule|contact-point|policy FILE...")
		os.Exit(2)
	}
	plugins.RegisterDefaultPlugins()
	status := 0
	for _, path := range os.Args[2:] {
		if err := problem(path, kinds[os.Args[1]]()); err != nil && err.Error() != "" {
			fmt.Printf("%s: %v\n", path, err)
			status = 1
		}
	}
	os.Exit(status)
}
