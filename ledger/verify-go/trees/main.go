// Checks roots and proofs of many trees with Go's own transparency log package: one JSON object a line on stdin, as
// ledger/verify-trees.py describes it.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

type tree struct {
	Seed, Size, Index, Old int64
	Root                   []string
	OldRoot                []string `json:"old_root"`
	Inclusion, Consistency []string
	Good                   bool
}

func hashes(texts []string) []tlog.Hash {
	var found []tlog.Hash
	for _, text := range texts {
		bytes, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(bytes) != tlog.HashSize {
			panic("a hash is malformed")
		}
		var hash tlog.Hash
		copy(hash[:], bytes)
		found = append(found, hash)
	}
	return found
}

func check(t tree) error {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	var leaf tlog.Hash
	for i := int64(0); i < t.Size; i++ {
		data := []byte(fmt.Sprintf("%d/%d", t.Seed, i))
		if i == t.Index {
			leaf = tlog.RecordHash(data)
		}
		more, err := tlog.StoredHashes(i, data, reader)
		if err != nil {
			return err
		}
		stored = append(stored, more...)
	}
	root, old := hashes(t.Root)[0], hashes(t.OldRoot)[0]
	for _, known := range []struct {
		size int64
		root tlog.Hash
	}{{t.Size, root}, {t.Old, old}} {
		if found, err := tlog.TreeHash(known.size, reader); err != nil || found != known.root {
			return fmt.Errorf("tree %d has another root", t.Seed)
		}
	}
	good := tlog.CheckRecord(hashes(t.Inclusion), t.Size, root, t.Index, leaf) == nil &&
		tlog.CheckTree(hashes(t.Consistency), t.Size, root, t.Old, old) == nil
	if good != t.Good {
		return fmt.Errorf("tree %d: the proofs are %v here, and %v there", t.Seed, good, t.Good)
	}
	return nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	count := 0
	for lines.Scan() {
		var t tree
		err := json.Unmarshal(lines.Bytes(), &t)
		if err == nil {
			err = check(t)
		}
		if err != nil {
			fmt.Println("FAIL", err)
			os.Exit(1)
		}
		count++
	}
	fmt.Println("PASS", count)
}
