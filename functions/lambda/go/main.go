// A function on the official client for Go; the contract is in ../../README.md.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda"
)

var (
	instance   string
	invocation uint64
)

type reply struct {
	Instance   string          `json:"instance"`
	Invocation uint64          `json:"invocation"`
	Echo       json.RawMessage `json:"echo"`
}

// Echoes the event, with the proof of temperature around it; fails where it is asked to.
func handle(event json.RawMessage) (*reply, error) {
	invocation++
	var asked struct {
		Fail bool `json:"fail"`
	}
	if err := json.Unmarshal(event, &asked); err != nil {
		return nil, err
	}
	if asked.Fail {
		return nil, errors.New("the event asks for a failure")
	}
	return &reply{instance, invocation, event}, nil
}

// The runtime and the packages that went into this program.
func printVersions() {
	fmt.Print(runtime.Version())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			fmt.Printf(", %s %s", dependency.Path, dependency.Version)
		}
	}
	fmt.Println()
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		printVersions()
		return
	}
	nonce := make([]byte, 8)
	if _, err := rand.Read(nonce); err != nil {
		panic(err)
	}
	instance = hex.EncodeToString(nonce)
	lambda.Start(handle)
}
