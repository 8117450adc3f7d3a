# Draws error-by-axis.svg from error-by-axis.csv: run `gnuplot error-by-axis.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'error-by-axis.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title 'Error of the projection: each point, and the mean of its group' font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set ylabel 'Projected / measured - 1 (%)'
set xrange [0.3:22.7]
set xtics (' lookup' 1, ' dense' 2, ' token' 4, ' table' 5, ' sliced' 6, ' L2' 8, ' L3' 9, ' memory' 10, ' fp32' 12, ' bf16' 13, ' int8' 14, 'tokens 64' 16, 'tokens 256' 17, 'tokens 512' 18, 'tokens 2048' 19, 'threads 1' 21, 'threads 2' 22) rotate by 50 right font 'Arial,12'
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
set bmargin 9.5
plot 0 with lines linecolor '#404040' linewidth 1.5 notitle, \
  10 with lines linecolor '#909090' dashtype 2 notitle, \
  -10 with lines linecolor '#909090' dashtype 2 notitle, \
  20 with lines linecolor '#B0B0B0' dashtype 3 notitle, \
  -20 with lines linecolor '#B0B0B0' dashtype 3 notitle, \
  'error-by-axis.csv' skip 1 using ($2 == 1 ? $1 : NaN):4 with points linecolor '#0072B2' pointtype 6 title 'a point', \
  'error-by-axis.csv' skip 1 using ($2 == 2 ? $1 : NaN):4 with points linecolor '#D55E00' pointtype 9 pointsize 1.4 title 'mean of the group'
