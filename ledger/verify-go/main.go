// Verifies a log folder with Go's own transparency log packages: the signature under the checkpoint, the tree over the
// leaves, and a proof of inclusion for every leaf, read from the tiles.
//
//	verify-go DATA_FOLDER VKEY
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		// Go writes tile/8/L/N, C2SP leaves the height out.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func check(data, vkey string) (int64, error) {
	log := filepath.Join(data, "log")
	verifier, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return 0, err
	}
	checkpoint, err := os.ReadFile(filepath.Join(log, "checkpoint"))
	if err != nil {
		return 0, err
	}
	opened, err := note.Open(checkpoint, note.VerifierList(verifier))
	if err != nil {
		return 0, err
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		return 0, err
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	// Reading through this verifies every tile against the root.
	reader := tlog.TileHashReader(tree, folder(log))
	for first := int64(0); first < size; first += 256 {
		path := strings.Replace(tlog.Tile{H: 8, L: -1, N: first / 256, W: 256}.Path(), "tile/8/data/", "tile/entries/", 1)
		if size-first < 256 {
			path += fmt.Sprintf(".p/%d", size-first)
		}
		bundle, err := os.ReadFile(filepath.Join(log, path))
		if err != nil {
			return 0, err
		}
		for index := first; index < size && index < first+256; index++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return 0, fmt.Errorf("leaf %d: the bundle is cut off", index)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			leaf := tlog.RecordHash(bundle[2:end])
			bundle = bundle[end:]
			proof, err := tlog.ProveRecord(size, index, reader)
			if err != nil {
				return 0, fmt.Errorf("leaf %d: %v", index, err)
			}
			if err := tlog.CheckRecord(proof, size, tree.Hash, index, leaf); err != nil {
				return 0, fmt.Errorf("leaf %d: %v", index, err)
			}
		}
	}
	return size, nil
}

func main() {
	size, err := check(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Println("FAIL", err)
		os.Exit(1)
	}
	fmt.Println("PASS", size, "leaves")
}
