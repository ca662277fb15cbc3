"""WHAT we share: the manifest, from untrusted text to checked values and back; pure.

```
model          the values: Head, Shard, Manifest and their parts
nodes          YAML to plain nodes with lines, without types, anchors or surprises
scalars        what a plain scalar could be taken for; shared by reader and writer
fields         typed readers: one node, one value, or a problem that shows what was read
parse          the fields of head and shards; parse_manifest, parse_head
problems       problems of a file with their places, up to a limit
lint           how fields and shards fit together; check, read_manifest, lint
web_seeds      whether a web seed's URL can work (BEP 19)
licenses       verdicts on SPDX expressions, and the gate made of them
license_names  names and URLs of licenses as SPDX
coverage       popularity order, coverage, the curve, leading shards
keys           minisign keys: public and secret, and the files that hold them
signature      minisign signatures, and the claim in their trusted comment
write          values to text: write_manifest, write_head
versions       a manifest and the one that it replaces: what changed, whether both agree
withdrawals    what was taken back: values, reading, writing, growing
guess/         a first head from what lies beside the data, for `seedbox init`
```
"""
