*** Settings ***
Documentation       What Emberwatch promises to someone who brings a program of their own: the example projects' own claims.
