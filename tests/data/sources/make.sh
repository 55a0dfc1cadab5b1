#!/bin/sh
# Makes the clips beside it with Debian 12's ffmpeg 5.1. Picture n is a flat grey of 20 + 15 n, its
# left half 20 darker, so that every picture tells its number and which way is up.
set -e
clip="nullsrc=s=64x48:r=30:d=0.4,geq=lum='20+15*N-20*lt(X,W/2)+20':cb=128:cr=128"
x264="-c:v libx264 -qp 4 -pix_fmt yuv420p -map_metadata -1 -fflags +bitexact -flags:v +bitexact"
ffmpeg -v error -y -f lavfi -i "$clip" $x264 -movflags +faststart steady.mp4
ffmpeg -v error -y -i steady.mp4 -c copy -metadata:s:v rotate=90 portrait.mp4
ffmpeg -v error -y -i steady.mp4 -c copy -f h264 no_clock.h264
ffmpeg -v error -y -f lavfi -i "$clip,setpts='if(lt(N,6),N,6+3*(N-6))/30/TB'" -fps_mode vfr $x264 variable_rate.mkv
ffmpeg -v error -y -f lavfi -i "testsrc=s=65x49:r=30:d=0.1" -c:v libx264 -pix_fmt yuv444p odd_size.mp4
ffmpeg -v error -y -f lavfi -i "sine=d=0.2" -c:a aac -b:a 16k only_sound.mp4
ffmpeg -v error -y -f lavfi -i "$clip,fps=10" animation.gif
ffmpeg -v error -y -f lavfi -i "$clip" -c:v mpeg4 -q:v 2 steady.avi
