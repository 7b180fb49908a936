#!/usr/bin/env python3
"""Checks the markup: kinds, offsets, unmarked repeats of marked values, unmarked patterns, invented ranges."""
import base64, ipaddress, json, re, sys
from collections import Counter, defaultdict
from pathlib import Path
sys.path.append(str(Path(__file__).parent.parent / 'heldout'))
import make
H=Path(__file__).parent
rows=defaultdict(list)
for f in('gold.jsonl','tolerated.jsonl'):
    for l in open(H/f):
        r=json.loads(l); rows[r['path']].append(r)
kinds=set(make.KINDS.values())
bad=0
def say(*a):
    global bad; bad+=1; print(*a)
DATE=r'(?i)\b(?:\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}|\d{1,2}/\d{1,2}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?|\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|(?:19|20)\d{2}(?:0[1-9]|1[0-2])[0-3]\d|(?:january|february|april|june|july|august|september|october|november|december))\b'
PAT={'phone':r'555\W{0,3}01\d\d','email':r'\S@\S','ip':r'\b\d+\.\d+\.\d+\.\d+\b','ssn':r'\b\d{3}-\d{2}-\d{4}\b','date':DATE,'zip':r'\b\d{5}-\d{4}\b','title':r'\b(?:Mrs?|Ms|Dr|Doña|Don)\.? [A-ZÀ-Ž]\S+','run':r'\b\d{7,}\b'}
for src in sorted(H.glob('marked/*/*')):
    p=f'{src.parent.name}/{src.name}'; raw=src.read_text(encoding='utf-8')
    head={}
    text=raw
    while text.startswith('%'):
        l,text=text.split('\n',1); k,v=l[1:].split(); head[k]=v
    if '«' in re.sub(make.MARK,'',text) or '»' in re.sub(make.MARK,'',text): say(p,'broken mark')
    for m in make.MARK.finditer(text):
        if '«' in m[2] or m[1] not in make.KINDS: say(p,'bad mark',m[0])
        if m[1]!='?' and m[2]!=m[2].strip(): say(p,'blank at end',m[0])
    body=(H/p).read_bytes()
    if '«'.encode() in body: say(p,'mark left')
    rs=sorted(rows[p],key=lambda r:r.get('start',-1))
    # offsets
    want=[(make.KINDS[m[1]],make.checked(make.KINDS[m[1]],m[2])) for m in make.MARK.finditer(text)]
    last=-1
    if 'sse' not in head and '⟪' not in text:
        got=[(r['kind'],body[r['start']:r['end']].decode()) for r in rs if 'start' in r]
        eol=make.ENDS[head.get('eol','lf')]
        w=[(k,v.replace('\n',eol)) for k,v in want]
        if got!=w: say(p,'offsets differ',[x for x in zip(got,w) if x[0]!=x[1]][:2])
    elif '⟪' in text:
        got=[(r['kind'],body[r['start']:r['end']]) for r in rs if 'start' in r]
        if len(got)!=len(want): say(p,'count')
        for (k,v),(k2,v2) in zip(got,want):
            if k!=k2: say(p,'kind',k,k2)
    else:
        joined=''.join(json.loads('"'+body[r['start']:r['end']].decode()+'"') for r in rs if 'start' in r)
        if joined!=''.join(v for k,v in want): say(p,'sse differs',joined)
    for r in rs:
        if 'start' in r:
            if r['start']<last or r['start']>=r['end'] or r['kind'] not in kinds: say(p,'span',r)
            last=r['end']
    # unmarked repeats
    plain=make.MARK.sub('\x00',text.replace('⟪','\x00').replace('⟫','\x00')); plain=re.sub(r'\d(?:\.\d+){4,}','OID',plain)
    toks=set()
    STOP={'the','and','van','von','den','del','los','las','dos','big','not','two','sup','may','officer'}
    for k,v in want:
        if k in('name',):
            for t in re.findall(r"[^\W\d_]{3,}",v):
                if t.lower() not in STOP: toks.add(t.lower())
        elif k not in('?','age','date','location','facility','name') and len(v)>=5: toks.add(v.lower())
        elif k in('location','facility') and len(v)>=4: toks.add(v.lower())
    low=plain.lower()
    for t in toks:
        m=re.search(r'(?<!\w)'+re.escape(t)+r'(?!\w)',low)
        if m: print('REPEAT',p,repr(t),repr(plain[max(0,m.start()-25):m.end()+20]))
    nophi='nophi' in p
    for k,x in PAT.items():
        for m in re.finditer(x,plain):
            if k in('run',) and src.parent.name in('x12',): continue
            print('PAT',k,p,repr(plain[max(0,m.start()-20):m.end()+20].replace('\x00','▮')))
    # invented ranges
    for k,v in want:
        if k=='ssn':
            d=re.sub(r'\D','',v)
            if len(d)==9 and (int(d[:3]) in(0,666) or int(d[:3])>899 or d[3:5]=='00' or d[5:]=='0000'): say(p,'ssn',v)
        if k in('phone','fax'):
            d=re.sub(r'\D','',v)
            if not re.search(r'555.{0,3}01\d\d',v) and not re.search(r'55501\d\d',d): print('TEL',p,v)
        if k in('email','url') and '.example' not in v: print('HOST',p,v)
        if k=='ip':
            a=ipaddress.ip_address(v)
            if not a.is_private and not str(a).startswith('2001:db8'): say(p,'ip',v)
    if src.parent.name=='x12':
        isa=body.decode()[:106]
        if isa[105]!='~' : say(p,'ISA length',isa.find('~'))
c=Counter(r['kind'] for v in rows.values() for r in v if 'kind' in r)
print(dict(c)); print('errors',bad)

# formats, check digits, envelopes


import xml.etree.ElementTree as ET
rows=[json.loads(l) for l in open(H/'gold.jsonl')]
def luhn(d): 
    t=0
    for i,c in enumerate(reversed(d)):
        c=int(c); t+= c if i%2==0 else sum(divmod(2*c,10))
    return t%10==0
for r in rows:
    if 'kind' not in r or r['path'].startswith('sse'): continue
    v=(H/r['path']).read_bytes()[r['start']:r['end']].decode(errors='replace'); d=re.sub(r'\D','',v); k=r['kind']
    if k=='npi' and (len(d)!=10 or not luhn('80840'+d)): print(r['path'],'npi',v)
    if k=='card' and len(d)>4 and (len(d) not in(15,16) or not luhn(d)): print(r['path'],'card',v)
    if k=='dea' and (len(d)!=7 or (sum(map(int,d[0:6:2]))+2*sum(map(int,d[1:6:2])))%10!=int(d[6])): print(r['path'],'dea',v)
    if k=='vehicle' and len(v)>11 and len(v)!=17: print(r['path'],'vin',v,len(v))
    if k=='vehicle' and len(v)==17 and re.search('[IOQ]',v): print('vin letters',v)
for p in (H/'json').glob('*'):
    t=p.read_text()
    try:
        if p.suffix in('.jsonl','.ndjson'): [json.loads(l) for l in t.splitlines() if l]
        else: json.loads(t)
    except Exception as e: print(p,e)
for p in (H/'log').glob('*.jsonl'):
    for l in p.read_text().splitlines(): json.loads(l)
for l in (H/'log/k8s_json_pretty.log').read_text().splitlines(): json.loads(l)
for p in (H/'xml').glob('*.xml'):
    try: ET.fromstring(p.read_text())
    except Exception as e: print(p,e)
import csv
for p in (H/'csv').glob('*'):
    t=p.read_text(); d='\t' if p.suffix=='.tsv' else '|' if t.split('\n')[0].count('|')>3 else ';' if t.split('\n')[0].count(';')>3 else ','
    w={len(x) for x in csv.reader(t.splitlines(True),delimiter=d)}
    if len(w)>1: print(p,w)
for p in (H/'x12').glob('*'):
    t=p.read_text(); sep=t[3]; segs=[s.strip() for s in t.split('~') if s.strip()]
    i=[k for k,s in enumerate(segs) if s.startswith('ST'+sep)][0]; j=[k for k,s in enumerate(segs) if s.startswith('SE'+sep)][0]
    if int(segs[j].split(sep)[1])!=j-i+1: print(p,'SE',segs[j],j-i+1)
