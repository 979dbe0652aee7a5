-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local ft = require 'kumo.file_type'
local eq = check.eq

eq(kumo.file_type, ft, 'both are one table')
local java = {
  name = 'Java class file',
  extensions = { 'class' },
  media_types = {
    'application/java', 'application/java-byte-code', 'application/java-vm',
    'application/x-httpd-java', 'application/x-java',
    'application/x-java-class', 'application/x-java-vm',
  },
}
eq(ft.from_bytes '\xCA\xFE\xBA\xBE', java)
eq(ft.from_extension 'class', { java })
eq(ft.from_extension 'markdown', { {
  name = 'Q1193600',
  media_types = { 'text/markdown' },
  extensions = { 'markdown', 'md', 'mdown', 'mdtext', 'mdtxt', 'mkd' },
} })
local png = {
  name = 'Portable Network Graphics',
  media_types = { 'image/png' },
  extensions = { 'png' },
}
eq(ft.from_media_type('image/png')[1], png)
eq(ft.from_extension 'PNG', { png })
eq(#ft.from_media_type 'application/postscript', 2)
eq(ft.from_extension 'nothing-has-this', {})
eq(ft.from_media_type '', {})
eq(ft.from_extension '', {})

-- What bytes are, by the first extension.
local zip = 'PK\3\4\20\0\0\0\0\0'
for bytes, want in pairs {
  ['\x89PNG\r\n\x1a\n....'] = 'png',
  ['\xff\xd8\xff\xe0'] = 'jpg',
  ['GIF89a'] = 'gif',
  ['RIFF....WEBPVP8 '] = 'webp',
  ['RIFF....WAVEfmt '] = 'wav',
  ['RIFF....XXXX'] = 'txt',
  ['%PDF-1.7\n'] = 'pdf',
  [zip] = 'zip',
  [zip .. '[Content_Types].xml....word/document.xml'] = 'docx',
  [zip .. '[Content_Types].xml....xl/workbook.xml'] = 'xlsx',
  [zip .. 'mimetypeapplication/epub+zip'] = 'epub',
  [zip .. 'META-INF/MANIFEST.MF'] = 'jar',
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' ..
    'W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t\0'] = 'doc',
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'] = 'ole',
  ['MZ\x90\0'] = 'exe',
  ['\x7fELF\2\1\1'] = 'elf',
  ['\x1f\x8b\8\0'] = 'gz',
  [('\0'):rep(257) .. 'ustar\0'] = 'tar',
  ['\0\0\0\x18ftypisom'] = 'mp4',
  ['<!DOCTYPE html><html>'] = 'html',
  ['  \n<html>'] = 'html',
  ['<?xml version="1.0"?><a/>'] = 'xml',
  ['<?xml version="1.0"?><svg xmlns="x"/>'] = 'svg',
  ['BEGIN:VCALENDAR\r\n'] = 'ics',
  ['Received: from a by b'] = 'eml',
  ['#!/bin/sh\n'] = 'sh',
  ['{\\rtf1 x}'] = 'rtf',
  ['hällo\n'] = 'txt',
  [''] = 'txt',
  ['\0\1\2\3'] = 'bin',
  ['caf\xe9 \xff\xfe'] = 'bin',
  [('ä'):rep(40000)] = 'txt',
} do
  eq(ft.from_bytes(bytes).extensions[1], want, bytes:sub(1, 40))
end
check.fails('string expected', ft.from_bytes)
check.fails('string expected', ft.from_extension, {})
check.fails('string expected', ft.from_media_type)
