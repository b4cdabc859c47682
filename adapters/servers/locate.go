package servers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	makeServers    = "run `make servers`, or name the program in %s"
	installMariaDB = "run `apt-get install mariadb-server-core mariadb-client-core`, or the like of your system"
)

// locateBuilt finds a program that `make servers` builds; variable is the environment variable that overrides it.
func locateBuilt(name, variable, bin string) (string, error) {
	if bin != "" {
		return program(bin)
	}
	if bin = os.Getenv(variable); bin != "" {
		found, err := program(bin)
		if err != nil {
			return "", fmt.Errorf("%s: %w", variable, err)
		}
		return found, nil
	}
	for _, folder := range builtFolders() {
		found, err := program(filepath.Join(folder, name))
		if err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s is not built: "+makeServers, name, variable)
}

// builtFolders lists where built servers may be: beside bin/accord, and in the module around the current directory, which
// is where a test finds itself.
func builtFolders() []string {
	var folders []string
	if self, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Join(filepath.Dir(self), "servers"))
	}
	dir, err := os.Getwd()
	if err != nil {
		return folders
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return append(folders, filepath.Join(dir, "bin", "servers"))
		}
		if dir == filepath.Dir(dir) {
			return folders
		}
	}
}

// locateInstalled finds a program of the system. Distributions keep database servers in folders that the path of an
// ordinary user lacks.
func locateInstalled(name, bin string) (string, error) {
	if bin != "" {
		return program(bin)
	}
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if found, err := exec.LookPath(candidate); err == nil {
			return filepath.Abs(found)
		}
	}
	return "", fmt.Errorf("%s is not installed: %s", name, installMariaDB)
}

// program returns the absolute path of an executable file.
func program(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no program %s", path)
	case err != nil:
		return "", err
	case info.IsDir() || info.Mode()&0o111 == 0:
		return "", fmt.Errorf("%s is not an executable file", path)
	}
	return filepath.Abs(path)
}
