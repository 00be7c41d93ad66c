// Is each file, in every key and type, what Grafana's own schema of a dashboard says? Reads the files that are named.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func problem(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var read dashboard.Dashboard
	if err := read.UnmarshalJSONStrict(content); err != nil && err.Error() != "" { // an empty list is not nil there
		return err
	}
	return read.Validate()
}

func main() {
	plugins.RegisterDefaultPlugins()
	status := 0
	for _, path := range os.Args[1:] {
		if err := problem(path); err != nil && err.Error() != "" {
			fmt.Printf("%s: %v\n", path, err)
			status = 1
		}
	}
	os.Exit(status)
}
